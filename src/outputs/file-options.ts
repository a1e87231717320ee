import { z } from 'zod'

/** Options that outputs to files have in common. */
export const fileOptions = {
  file: z
    .string()
    .min(1)
    .describe('Path of the file; relative to the working directory. Made when there is none, for its owner only.'),
  rotateBytes: z
    .number()
    .int()
    .min(1024)
    .optional()
    .describe('A new file before one would grow above this, bytes. Default: never.'),
  rotateDaily: z.boolean().default(false).describe('A new file with each day, UTC.'),
  gzip: z.boolean().default(true).describe('Compress files that were rotated.'),
}
