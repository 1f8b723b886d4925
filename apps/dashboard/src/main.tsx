import { render } from 'preact'
import { App } from './app.tsx'
import { browserLanguage, setLanguage } from './translate.ts'
import './style/base.css'
import './style/cards.css'
import './style/sections.css'
import './style/dialogs.css'
import './style/narrow.css'

const tag = browserLanguage()
// A language that cannot be loaded leaves the page in English.
const shown = await setLanguage(tag).then(
  () => tag,
  () => 'en',
)
document.documentElement.lang = shown
render(<App />, document.getElementById('page')!)
