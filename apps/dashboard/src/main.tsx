import { render } from 'preact'
import { App } from './app.tsx'
import './style/base.css'
import './style/cards.css'
import './style/sections.css'
import './style/dialogs.css'
import './style/narrow.css'

render(<App />, document.getElementById('page')!)
