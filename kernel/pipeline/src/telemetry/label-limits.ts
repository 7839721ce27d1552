/** What stands for every further value of a label that has too many, as OpenTelemetry says. */
const other = "_OTHER";

/** Some ids of models are whole addresses of resources. */
const isName = /^\P{C}{1,512}$/u;

/** Keeps the labels of metrics few: names come from providers and configurations, and each pair makes a series. */
export class LabelLimits {
  readonly #max: number;
  readonly #values = new Map<string, Set<string>>();

  constructor(max: number) {
    this.#max = max;
  }

  /** The value, or `_OTHER` when it is no name, or the label has its number of values and this is another one. */
  bound(label: string, value: string): string {
    // Whoever answers says what it is called: what is long would be kept as often as labels may have values.
    if (!isName.test(value)) return other;
    let values = this.#values.get(label);
    if (values === undefined) this.#values.set(label, (values = new Set()));
    if (values.has(value)) return value;
    if (values.size >= this.#max) return other;
    values.add(value);
    return value;
  }
}
