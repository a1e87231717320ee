/** The document as Markdown. */
export function referenceOf(document: object): string
