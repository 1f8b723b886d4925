// All pages of the site. Each part gives its own; this file knows the parts.
import { closeCodes } from '@holdfast/close-codes'
import { apiPages } from './api/api-pages.ts'
import { diagnosePage } from './diagnose/diagnose-page.ts'
import { framePage } from './frame/frame-page.ts'
import { guidePages } from './guide/guide-pages.ts'
import type { Page } from './page.ts'
import { codePage } from './reference/code-page.ts'
import { allPairs } from './reference/often-compared.ts'
import { codesPage, comparePage, homePage } from './reference/overviews.ts'
import { pairPage } from './reference/pair-page.ts'
import { whoPage } from './reference/who-page.ts'
import { repository } from './repository.ts'
import { allWords } from './text/all.ts'
import { tryPage } from './try/try-page.ts'

/** Every page, in every language that it exists in. */
export function pages(): Page[] {
  const inLanguages = allWords.flatMap((words) => [
    homePage(words),
    codesPage(words),
    comparePage(words),
    whoPage(words),
    diagnosePage(words),
    framePage(words),
    tryPage(words),
    ...closeCodes.map((row) => codePage(row, words)),
    ...allPairs.map(([one, other]) => pairPage(one, other, words)),
  ])
  return [...inLanguages, ...guidePages(repository), ...apiPages(repository)]
}
