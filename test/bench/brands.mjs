/** Brands that nobody has, with a word and two domains each. */
export const brandsOf = (count) =>
  Array.from({ length: count }, (_, i) => {
    let token = ''
    for (let left = i * 7919 + 13, n = 0; n < 5 + (i % 6); n++, left = Math.imul(left, 48271) >>> 3)
      token += 'aeioubcdfghklmnprstvyz'[left % 22]
    return { name: `${token}${i}`, tokens: [token], domains: [`${token}.com`, `${token}.co.jp`] }
  })
