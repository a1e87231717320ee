// What every measured program ends with: one line of JSON on stdout.

/** Resident memory as it was at every so many entries. */
export class MemorySamples {
  constructor(every) {
    this.every = every
    this.next = every
    this.samples = []
  }

  /** To be called with the number of entries read so far. */
  at(entries) {
    if (entries < this.next) return
    this.next = entries + this.every
    this.samples.push([entries, process.memoryUsage.rss(), process.resourceUsage().maxRSS * 1024])
  }
}

/** @param begun - `performance.now()` and `process.cpuUsage()` when the work began. */
export function report({ entries, checksum, begun, memory, ...more }) {
  const wallMs = performance.now() - begun.now
  const { user, system } = process.cpuUsage(begun.cpu)
  const usage = process.resourceUsage()
  const result = {
    entries,
    checksum,
    wallMs,
    cpuMs: (user + system) / 1000,
    processCpuMs: (usage.userCPUTime + usage.systemCPUTime) / 1000,
    maxRssBytes: usage.maxRSS * 1024,
    memory: memory?.samples,
    ...more,
  }
  process.stdout.write(`${JSON.stringify(result)}\n`)
}

export const begin = () => ({ now: performance.now(), cpu: process.cpuUsage() })

/** Names and serial numbers read, in a number: programs that read the same entries have the same. */
export class Checksum {
  names = 0
  octets = 0

  add(dnsNames, serialNumber) {
    this.names += dnsNames.length
    this.octets += serialNumber.length / 2
  }

  toString() {
    return `${this.names} names, ${this.octets} octets of serial numbers`
  }
}
