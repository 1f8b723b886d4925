import type { DashboardFrame } from './frame.ts'
import { newsWords, time } from './words.ts'

export function NewsCard({ frame: { news } }: { frame: DashboardFrame }) {
  return (
    <section class="card" aria-labelledby="news">
      <h2 id="news">What happened</h2>
      {news.length === 0 && <p class="none">Nothing yet.</p>}
      <ol class="news">
        {news.map((item) => (
          <li key={item.id}>
            <time>{time(item.at)}</time>
            <span>{newsWords(item)}</span>
          </li>
        ))}
      </ol>
    </section>
  )
}
