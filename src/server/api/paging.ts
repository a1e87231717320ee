/** A page of a list that is kept in the order of its keys. */
export interface Page<Item> {
  readonly items: readonly Item[]
  /** The key after which the next page begins; `null`: there is none. */
  readonly next: string | null
}

/**
 * By the key of the last item, not by its place: what is added or taken away in between shifts nothing.
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

/** Numbers as text that sorts as they do. */
export function sortable(n: number): string {
  return `${n}`.padStart(16, '0')
}
