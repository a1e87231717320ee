// Ends with the first certificate: from the start of the process, with everything as a user has it.
import { ctStream } from 'ct-stream'

const { spec, checkpoint } = JSON.parse(process.argv[2])
for await (const cert of ctStream({ logs: [spec], start: 'beginning', checkpoint })) {
  process.stdout.write(`${JSON.stringify({ serialNumber: cert.serialNumber, ms: performance.now() })}\n`)
  process.exit(0)
}
