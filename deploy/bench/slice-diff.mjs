// Walls of one, two and four screens that show the same view of the same size; pictures of the slices, put together, are compared with the large one. It prints, for each view, theme and wall,
// what share of the pixels differs, as JSON: [{"view","theme","wall","differ","worst"}]. The wall "1x1" is the large picture taken again by another page.
// Arguments: address, login, password; then a folder that pictures are left in, and names of views, where somebody wants to look.
import { mkdirSync, writeFileSync } from 'node:fs'
import { openWalls, views } from './wall.mjs'

const [folder, ...only] = process.argv.slice(5)
const [width, height] = [960, 540]
const gap = { gap_x: 20, gap_y: 12 }
const { browser, wall } = await openWalls()
const page = await (await browser.newContext()).newPage() // the console's own lets no picture in that comes from elsewhere
const halves = { width: (width - gap.gap_x) / 2, height: (height - gap.gap_y) / 2 }
const layouts = {
  large: { rows: 1, columns: 1, width, height },
  '1x1': { rows: 1, columns: 1, width, height },
  '2x1': { rows: 1, columns: 2, width: halves.width, height, ...gap },
  '2x2': { rows: 2, columns: 2, ...halves, ...gap },
}

/** Counts, in the browser, the pixels of slices that are not those of the whole: any channel by more than 16 of 255, which nobody sees. */
async function compare(whole, slices) {
  return page.evaluate(
    async ({ whole, slices, size: [width, height] }) => {
      const pen = (w, h) => Object.assign(document.createElement('canvas'), { width: w, height: h }).getContext('2d', { willReadFrequently: true })
      const read = async (png) => createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob())
      const [a, b, marks] = [pen(width, height), pen(width, height), pen(width, height)]
      a.drawImage(await read(whole), 0, 0)
      let [seen, differ, worst] = [0, 0, 0]
      const marked = marks.createImageData(width, height)
      for (const { x, y, png } of slices) {
        const image = await read(png)
        b.drawImage(image, x, y)
        const [one, two] = [a, b].map((each) => each.getImageData(x, y, image.width, image.height).data)
        for (let i = 0; i < one.length; i += 4) {
          const by = Math.max(Math.abs(one[i] - two[i]), Math.abs(one[i + 1] - two[i + 1]), Math.abs(one[i + 2] - two[i + 2]))
          seen++
          worst = Math.max(worst, by)
          const at = 4 * (x + ((i / 4) % image.width) + (y + Math.floor(i / 4 / image.width)) * width)
          marked.data.set(by > 16 ? [255, 0, 80, 255] : [one[i] / 4, one[i + 1] / 4, one[i + 2] / 4, 255], at)
          if (by > 16) differ++
        }
      }
      marks.putImageData(marked, 0, 0)
      const png = (c) => c.canvas.toDataURL().split(',')[1]
      return { differ: differ / seen, worst, stitched: png(b), marked: png(marks) }
    },
    { whole, slices, size: [width, height] },
  )
}

const scenes = views.filter(({ name }) => only.length === 0 || only.includes(name)).flatMap((view) => ['dark', 'light'].map((theme) => ({ ...view, view: view.name, name: `${view.name}-${theme}`, theme })))
const pictures = {}
for (const [name, layout] of Object.entries(layouts)) { // one wall after the other: every screen is drawn by the processor
  const screens = await wall(name, layout)
  pictures[name] = {}
  for (const { view: _, ...scene } of name === 'large' ? scenes : scenes.toReversed()) { // what was shown before must not matter
    await screens.show(scene)
    pictures[name][scene.name] = await screens.pictures(scene)
    console.error(`# slice-diff: ${name} shows ${scene.name}`)
  }
  await screens.close()
}
const results = []
for (const { name: scene, view, theme } of scenes) {
  const [{ png: large }] = pictures.large[scene]
  for (const wall of Object.keys(layouts).slice(1)) {
    const { differ, worst, stitched, marked } = await compare(large, pictures[wall][scene])
    results.push({ view, theme, wall, differ, worst })
    console.error(`# slice-diff: ${view} ${theme} ${wall}: ${(100 * differ).toFixed(4)} % differ, by at most ${worst}`)
    if (!folder) continue
    mkdirSync(folder, { recursive: true })
    for (const [kind, png] of Object.entries({ stitched, marked, large })) writeFileSync(`${folder}/${scene}-${wall}-${kind}.png`, Buffer.from(png, 'base64'))
  }
}
console.log(JSON.stringify(results))
await browser.close()
