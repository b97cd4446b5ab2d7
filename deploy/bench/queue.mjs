// A console whose queue is filtered by one button after the other. It prints the milliseconds of each press, from the event until the list on screen has changed, as a JSON array.
// Arguments: address, login, password.
import { openConsole } from './console.mjs'

const { browser, page } = await openConsole('/?lang=en')
const chips = page.locator('.list-tools .chip')
await chips.first().waitFor({ timeout: 120_000 })
await page.waitForFunction(() => [...document.querySelectorAll('.list-tools .chip')].reduce((n, chip) => n + Number(chip.textContent.replace(/\D/g, '')), 0) >= 99_000, null, { timeout: 180_000 })
const times = await page.evaluate(async () => {
  const rest = () => new Promise((done) => setTimeout(done, 400))
  const times = []
  const chips = [...document.querySelectorAll('.list-tools .chip')]
  for (let i = 0; i < 30; i++) {
    await rest()
    const note = document.querySelector('#queue-title + .block-note')
    const before = note.textContent
    const began = performance.now()
    const changed = new Promise((done) => new MutationObserver((_, me) => (me.disconnect(), done())).observe(note, { characterData: true, childList: true, subtree: true }))
    chips[i % 3].click()
    await changed
    if (note.textContent === before) throw new Error('nothing was filtered')
    times.push(performance.now() - began)
  }
  return times
})
console.log(JSON.stringify(times))
await browser.close()
