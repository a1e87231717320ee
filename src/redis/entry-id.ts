/** An id of our entries. It ends in 1, because for index 0 Redis would refuse the id 0-0. */
const ID = /^(\d{1,16})-1$/

/** The id of an entry in the stream of its log. */
export const entryId = (index: number) => `${index}-1`

/** The index that an id stands for; `undefined` for an id that is not of this library. */
export function indexOfId(id: string | undefined): number | undefined {
  const index = Number(ID.exec(id ?? '')?.[1] ?? Number.NaN)
  return Number.isSafeInteger(index) ? index : undefined
}
