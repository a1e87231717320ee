/**
 * Letters that look like one of a to z and for which UTS 39 has no ASCII: it joins `к` and `κ` in `ĸ`, and stops there. By the letter they
 * look like; those that UTS 39 joins stand once, as the letter it has for all of them. With marks that NFD does not take off, small
 * capitals, and what Chromium adds to UTS 39 for names.
 */
const LOOKING_LIKE: Readonly<Record<string, string>> = {
  a: 'ɐᴀᶏⱥʌλⲁ',
  b: 'ҕʙᴃᵬᶀꞗƅß',
  c: 'ɔƈɕꞔ𝼝ςҁ',
  d: '∂ẟȡᴅᵭᶁᶑꟈԃ',
  e: 'ꞓǝɘɝᴇᶒᶓᶔⱸꬳꬴ',
  f: 'ᶂꜰꝼϝӻ',
  g: 'ɢʛᵷᵹꞡꬶ𝼂',
  h: 'ʜɧƕⱨђԋԧԩҥի',
  i: 'ᶖ𝼚',
  j: 'ȷɟʄʝᴊ',
  k: 'ĸᶄⱪꝁꝃꝅꞣ𝼃ϗҝҡӄԟ',
  l: 'ȴɬʟᴌᶅⱡꝇꝉꞁꞎꬷꬸꬹ𝼄𝼑𝼓լ',
  m: 'ʍᶆꬺϻտ',
  n: 'ҧᴎπȵɲɴᶇꞑꞥꬻԥըրกח',
  o: 'ᴓᶗⱺꝍ𝼛ѻꙩꙫꙭꙮꚛ',
  p: 'ᴘᵱᶈꝑꝓꝕϼҏ',
  q: 'ɋꝗꝙꞯϙ',
  r: 'ᴙɾʀʁᶉꞃꞧ𝼈ӷ',
  s: 'ƨȿᶊꞅꞩꟊ𝼞รຣ',
  t: 'ᴛƫȶʈⱦꞇ𝼉𝼍ԏեէ七丁丅丆',
  u: 'μʉʊᶙꞹцմվบ',
  v: 'ⱱⱴꝟ',
  w: 'ωɰⱳщѿϣฟ',
  x: 'χᶍꭖꭗꭘꭙҳӽӿ乂',
  y: 'ʎ𝼆丫',
  z: 'ɀʑᶎⱬ',
  // Digits, which are read as the letters e and a.
  3: 'ȝɜэ',
  4: 'ч',
}

/** The ASCII of each, by code point. */
export const TWINS: ReadonlyMap<number, string> = new Map(
  Object.entries(LOOKING_LIKE).flatMap(([letter, others]) =>
    [...others].map((other) => [other.codePointAt(0) as number, letter] as const),
  ),
)
