/** What was measured of each rung, round by round. */
export interface Samples<Rung, Sample> {
  /** The samples of one rung, the first round's first. */
  of(rung: Rung): readonly Sample[];
}

/** Measures every rung once a round. Every other round goes backwards, so that no rung always comes first. */
export async function inRounds<Rung, Sample>(
  rungs: readonly Rung[],
  rounds: number,
  measure: (rung: Rung, round: number) => Promise<Sample>,
): Promise<Samples<Rung, Sample>> {
  const taken = new Map<Rung, Sample[]>(rungs.map((rung) => [rung, []]));
  for (let round = 0; round < rounds; round++) {
    for (const rung of round % 2 === 0 ? rungs : rungs.toReversed()) {
      taken.get(rung)?.push(await measure(rung, round));
    }
  }
  return { of: (rung) => taken.get(rung) ?? [] };
}
