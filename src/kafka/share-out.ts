/** A member of the group, and what it reported when it joined. */
export interface GroupMember {
  readonly id: string
  /** Numbers of the shards it holds. */
  readonly owned: readonly number[]
  /** Numbers of shards it released, and should not get back at once. */
  readonly spared: readonly number[]
}

/**
 * Divides the shards `[0, count)` among members: their numbers differ by one at most, and as few shards as possible change hands.
 *
 * Deterministic, whatever the order of members: it does not matter which member leads the group.
 *
 * @returns Numbers by member id, ascending.
 */
export function shareOut(members: readonly GroupMember[], count: number): ReadonlyMap<string, readonly number[]> {
  const sorted = [...members].sort((a, b) => (a.id < b.id ? -1 : 1))
  const shares = new Map<string, number[]>(sorted.map(({ id }) => [id, []]))
  if (sorted.length === 0) return shares
  const least = Math.floor(count / sorted.length)
  let larger = count % sorted.length
  const open = new Set(Array.from({ length: count }, (_, number) => number))
  for (const { id, owned, spared } of sorted) {
    const kept = [...new Set(owned)].filter((number) => open.has(number) && !spared.includes(number))
    const most = kept.length > least && larger > 0 ? least + 1 : least
    if (most > least) larger--
    for (const number of kept.slice(0, most)) {
      open.delete(number)
      shares.get(id)?.push(number)
    }
  }
  for (const number of open) {
    const willing = sorted.filter(({ spared }) => !spared.includes(number))
    let taker: number[] | undefined
    for (const { id } of willing.length > 0 ? willing : sorted) {
      const share = shares.get(id)
      if (share !== undefined && (taker === undefined || share.length < taker.length)) taker = share
    }
    taker?.push(number)
  }
  for (const share of shares.values()) share.sort((a, b) => a - b)
  return shares
}

/** What a member reports when it joins, as bytes. */
export function encodeMember(count: number, { owned, spared }: Omit<GroupMember, 'id'>): Buffer {
  return Buffer.from(JSON.stringify({ count, owned, spared }))
}

/** Reads what a member reported; bytes of any other form count as an empty report. */
export function decodeMember(id: string, bytes: Buffer | string | undefined): GroupMember & { readonly count: number } {
  try {
    const said = JSON.parse(String(bytes)) as Record<string, unknown>
    return { id, owned: numbers(said.owned), spared: numbers(said.spared), count: numbers([said.count])[0] ?? 0 }
  } catch {
    return { id, owned: [], spared: [], count: 0 }
  }
}

function numbers(value: unknown): number[] {
  return Array.isArray(value) ? value.filter((each) => Number.isSafeInteger(each) && each >= 0) : []
}
