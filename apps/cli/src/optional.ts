/** An object with one property, or with none when the value is undefined: absent fields stay absent. */
export function optional<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): Partial<Record<Name, Value>> {
  const object: Partial<Record<Name, Value>> = {};
  if (value !== undefined) object[name] = value;
  return object;
}
