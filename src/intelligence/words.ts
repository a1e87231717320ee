/** Reads words of four octets, wherever they begin: half the time of one octet after the other. */
export class Words {
  /** Over all of the memory that the octets are part of: those of a page share it. */
  private view: DataView<ArrayBufferLike> = new DataView(new ArrayBuffer(0))
  private buffer: ArrayBufferLike = this.view.buffer
  private base = 0
  private opened: Uint8Array | undefined

  /** @returns This, over these octets. */
  open(bytes: Uint8Array): this {
    // V8 calls out of compiled code for the buffer of an array.
    if (bytes === this.opened) return this
    this.opened = bytes
    const { buffer } = bytes
    if (buffer !== this.buffer) {
      this.buffer = buffer
      this.view = new DataView(buffer)
    }
    this.base = bytes.byteOffset
    return this
  }

  /** The octets `at` to `at + 4`, which must all be there; signed. */
  at(at: number): number {
    return this.view.getInt32(this.base + at, true)
  }
}
