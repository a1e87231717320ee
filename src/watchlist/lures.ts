/**
 * Words that phishing names put beside a brand, by what they promise: the first group says much, the second something. Parts of names
 * between separators, or what is left of a label when the brand is taken off.
 */
const STRONG =
  'login logon logins signin signon singin logining verify verification verified validate validation confirm confirmation update updates ' +
  'upgrade account accounts acount secure secured security safety safe recover recovery restore reset resetting password passcode unlock ' +
  'unlocked suspend suspended suspension locked billing bill invoice refund refunds payment payments wallet wallets card cards member ' +
  'members membership customer client user userid personal identity authenticate alert alerts notice notification warning support helpdesk ' +
  'service services centre center info information index connect access portal session token claim airdrop bonus reward rewards gift ' +
  'giveaway prize promo sale outlet tracking track parcel delivery redelivery shipment package customs kyc otp 2fa mfa sso webmail ' +
  'signup activate activation online-banking ebanking onlinebanking netbanking check setting settings manage webscr'
const WEAK =
  'id ids my web app apps online bank banking mail email help home page site auth pay shop store official www1 www2 www3 wwww ' +
  'mobile sms msg net go get direct link click new japan jp us uk eu asia co com ne or ip cojp nejp inc corp group global'

/** What follows a brand in its official names: `brand.co.jp.evil.example`, `brand-com.example`. */
const REGISTRY = 'com co cojp coip net org ne nejp or orjp jp uk couk fr de eu us cn io info bank ip'

export const strongLures: ReadonlySet<string> = new Set(STRONG.split(' '))
export const weakLures: ReadonlySet<string> = new Set(WEAK.split(' '))
export const registryWords: ReadonlySet<string> = new Set(REGISTRY.split(' '))

/** Length of the longest word, with four digits behind it. */
export const LONGEST_LURE = Math.max(...[...strongLures, ...weakLures].map(({ length }) => length)) + 4

/** Up to four digits behind a word are no matter: `login2`. */
export function lureOf(text: string): 'strong' | 'weak' | undefined {
  if (text.length > LONGEST_LURE) return undefined
  if (strongLures.has(text)) return 'strong'
  if (weakLures.has(text)) return 'weak'
  const word = text.replace(/\d{1,4}$/, '')
  if (word === text || word.length < 3) return undefined
  return strongLures.has(word) ? 'strong' : weakLures.has(word) ? 'weak' : undefined
}
