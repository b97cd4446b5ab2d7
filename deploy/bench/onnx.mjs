// The plainest way to run a model over a picture: a loop over its windows with onnxruntime-node, one thread. Prints how many pixels it marked.
//   node onnx.mjs <folder of node_modules> <model> <picture: three bands> <side> <tile> <overlap> <threshold>
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const [modules, model, picture, ...numbers] = process.argv.slice(2)
const [side, tile, overlap, threshold] = numbers.map(Number)
const ort = createRequire(`${modules}/`)('onnxruntime-node')
const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1 })
const bands = readFileSync(picture)
const marks = new Uint8Array(side * side)
const starts = []
for (let at = 0; ; at += tile - overlap) {
  if (at + tile >= side) {
    starts.push(side - tile)
    break
  }
  starts.push(at)
}
const input = new Float32Array(3 * tile * tile)
for (const y of starts)
  for (const x of starts) {
    for (let band = 0; band < 3; band++)
      for (let v = 0; v < tile; v++)
        for (let u = 0; u < tile; u++) input[(band * tile + v) * tile + u] = bands[band * side * side + (y + v) * side + x + u] / 255
    const { mask } = await session.run({ image: new ort.Tensor('float32', input, [1, 3, tile, tile]) })
    for (let v = 0; v < tile; v++) for (let u = 0; u < tile; u++) marks[(y + v) * side + x + u] = mask.data[v * tile + u] >= threshold ? 1 : 0
  }
console.log(marks.reduce((sum, mark) => sum + mark, 0))
