const shortList = 8;

/**
 * Adds an item to a list that is nearly always short, and answers the list: another one while it is short. One that is pushed
 * to takes room for sixteen items more, 128 bytes, and a run that is held open had half a dozen of them.
 */
export function grown<Item>(list: Item[], item: Item): Item[] {
  if (list.length < shortList) return list.concat([item]);
  list.push(item);
  return list;
}
