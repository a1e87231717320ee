/**
 * Writes all of `bytes`. A system may take less than it is given, without an error, as on a disk with little room: it then says why with
 * the next attempt.
 *
 * @param write - Writes the beginning of what it is given; resolves with how many bytes it took.
 * @throws What `write` rejects with; an error when nothing is taken.
 */
export async function writeAll(bytes: Uint8Array, write: (rest: Uint8Array) => Promise<number>): Promise<void> {
  for (let rest = bytes; rest.length > 0; ) {
    const taken = await write(rest)
    if (taken === 0) throw new Error('nothing more can be written')
    rest = rest.subarray(taken)
  }
}
