/** Adds up a cart. Prices are in cents. */
export function totalOf(items, { discountPercent = 0, couponCents = 0 } = {}) {
  const sum = items.reduce((total, item) => total + item.cents * item.quantity, 0);
  const discounted = sum - Math.round(sum * discountPercent);
  return discounted - couponCents;
}
