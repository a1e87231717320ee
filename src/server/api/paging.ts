/** A page of a list that is sorted by key. */
export interface Page<Item> {
  readonly items: readonly Item[]
  /** The key after which the next page begins; `null` on the last page. */
  readonly next: string | null
}

/**
 * Pages begin after a key rather than at a position, so that items added or removed between two requests shift nothing.
 *
 * @param keyOf - Unique; compared as text.
 */
export function keysetPage<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
): Page<Item> {
  const rest = items
    .map((item) => ({ item, key: keyOf(item) }))
    .filter(({ key }) => after === undefined || key > after)
    .sort((a, b) => (a.key < b.key ? -1 : 1))
  const taken = rest.slice(0, limit)
  return {
    items: taken.map(({ item }) => item),
    next: rest.length > taken.length ? (taken.at(-1)?.key ?? null) : null,
  }
}

/** Writes numbers as text that sorts in their order. */
export function sortable(n: number): string {
  return `${n}`.padStart(16, '0')
}
