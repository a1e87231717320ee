// A bare node: what importing the library is compared with.
const { user, system } = process.cpuUsage()
process.stdout.write(`${(user + system) / 1000}\n`)
