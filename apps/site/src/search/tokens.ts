// How text becomes what the search compares. The generator and the page use the same function.

/** Japanese and Chinese have no spaces between words: there each two neighbours are a token. */
const withoutSpaces = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]+/u

/** Words in lower case and without accents; pairs of characters where a script has no words. */
export function tokensOf(text: string): string[] {
  // Accents of the Latin script; in Japanese the same kind of mark makes another syllable.
  const plain = text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .normalize('NFC')
  const words = plain.match(/[\p{L}\p{N}ー]+/gu) ?? []
  return words.flatMap((word) =>
    word
      .split(
        /(?<=[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー])(?=[a-z0-9])|(?<=[a-z0-9])(?=[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])/u,
      )
      .flatMap(tokens),
  )
}

function tokens(word: string): string[] {
  if (!withoutSpaces.test(word)) return [word]
  const characters = [...word]
  if (characters.length === 1) return [word]
  return characters.slice(1).map((character, i) => characters[i] + character)
}
