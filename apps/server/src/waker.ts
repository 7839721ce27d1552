/** Lets one side sleep until the other has news. News that come before the sleep are not lost. */
export interface Waker {
  wake(): void;
  /** Resolves at the next news. */
  sleep(): Promise<void>;
}

/** Makes a {@link Waker} for one sleeper. */
export function createWaker(): Waker {
  let news = false;
  let resolve: (() => void) | undefined;
  return {
    wake() {
      news = true;
      resolve?.();
    },
    async sleep() {
      if (!news) {
        await new Promise<void>((done) => {
          resolve = done;
        });
      }
      news = false;
      resolve = undefined;
    },
  };
}
