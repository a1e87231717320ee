/** The module whose handler is called, as a source has to know it that acknowledges for the module itself. */
export interface HandlingModule {
  /** As in messages. */
  readonly name: string
  /**
   * Whether entries wait for this module and no other, and it gets them one call after the other: what it has finished with, everybody has,
   * and all before it, too.
   */
  readonly isAloneInOrder: boolean
  /** Whether this call has failed or taken too long: what it has not begun with the source is for another call, or is set aside. Default: no. */
  readonly isGivenUp?: boolean
}

/** Calls a handler; what it does with the source, now or later, is done for this module. */
export type CallFor = <T>(module: HandlingModule, call: () => T) => T
