// Another anonymous client: asks for a URL as often as it says, whatever the answers are, and tells how many there were of each.
// Arguments: URL, requests a second, seconds.
import { Agent, get } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'

const [url, perSecond, seconds] = process.argv.slice(2)
const agent = new Agent({ keepAlive: true, maxSockets: 32 })
const answers = {}
const began = performance.now()
for (let sent = 0; ; ) {
  const elapsed = (performance.now() - began) / 1000
  if (elapsed >= Number(seconds)) break
  for (; sent < elapsed * Number(perSecond); sent++)
    get(url, { agent }, (response) => {
      answers[response.statusCode] = (answers[response.statusCode] ?? 0) + 1
      response.resume()
    }).on('error', () => {})
  await wait(5)
}
agent.destroy()
console.log(JSON.stringify(answers))
