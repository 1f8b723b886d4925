import type { DashboardFrame } from './frame.ts'
import { MoreList } from './more-list.tsx'
import { t } from './translate.ts'
import { newsWords, time } from './words.ts'

export function NewsCard({ frame: { news } }: { frame: DashboardFrame }) {
  return (
    <section class="card" aria-labelledby="news">
      <h2 id="news">{t('What happened')}</h2>
      {news.length === 0 && <p class="none">{t('Nothing yet.')}</p>}
      <MoreList
        class="news"
        items={news.map((item) => (
          <li key={item.id}>
            <time>{time(item.at)}</time>
            <span>{newsWords(item)}</span>
          </li>
        ))}
      />
    </section>
  )
}
