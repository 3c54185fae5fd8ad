/** Growing list of 32-bit integers; grows by doubling. For loops that cannot know their count beforehand. */
export class IntList {
  #values: Int32Array;
  length = 0;

  constructor(capacity = 256) {
    this.#values = new Int32Array(capacity);
  }

  push(value: number): void {
    if (this.length === this.#values.length) this.#grow();
    this.#values[this.length++] = value;
  }

  at(index: number): number {
    return this.#values[index]!;
  }

  set(index: number, value: number): void {
    this.#values[index] = value;
  }

  /** The backing store: valid up to `length`, replaced when the list grows. For hot loops. */
  get raw(): Int32Array {
    return this.#values;
  }

  /** A copy of exactly `length` values. */
  toArray(): Int32Array {
    return this.#values.slice(0, this.length);
  }

  #grow(): void {
    const larger = new Int32Array(this.#values.length * 2);
    larger.set(this.#values);
    this.#values = larger;
  }
}
