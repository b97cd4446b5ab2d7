import { type GLTFLoaderPlugin, type GLTFParser } from 'three/addons/loaders/GLTFLoader.js'
import { LinearFilter, LinearMipmapLinearFilter, RepeatWrapping, SRGBColorSpace, Texture, type MagnificationTextureFilter, type MinificationTextureFilter, type Wrapping } from 'three'

interface Json {
  textures: { source?: number; sampler?: number }[]
  images?: { bufferView?: number; mimeType?: string }[]
  samplers?: { magFilter?: number; minFilter?: number; wrapS?: number; wrapT?: number }[]
}

/** OpenGL's names for what three has its own for. */
const filters: Record<number, number> = { 9728: 1003, 9729: 1006, 9984: 1004, 9985: 1007, 9986: 1005, 9987: 1008 }
const wraps: Record<number, number> = { 33071: 1001, 33648: 1002, 10497: 1000 }

/** Pictures inside of a model are decoded where they lie: three would give each an address of its own, which the page's content policy does not let it ask. */
export class EmbeddedPictures implements GLTFLoaderPlugin {
  readonly name = 'embedded-pictures'

  constructor(private readonly parser: GLTFParser) {}

  loadTexture(index: number): Promise<Texture> | null {
    const json = this.parser.json as Json
    const { source, sampler } = json.textures[index]!
    const image = source === undefined ? undefined : json.images?.[source]
    return image?.bufferView === undefined ? null : this.load(index, image.bufferView, image.mimeType, sampler === undefined ? {} : (json.samplers?.[sampler] ?? {}))
  }

  private async load(index: number, view: number, type: string | undefined, sampler: NonNullable<Json['samplers']>[number]): Promise<Texture> {
    const bytes = (await this.parser.getDependency('bufferView', view)) as ArrayBuffer
    const texture = new Texture(await createImageBitmap(new Blob([bytes], { type }), { premultiplyAlpha: 'none', colorSpaceConversion: 'none' }))
    texture.flipY = false
    texture.colorSpace = SRGBColorSpace
    texture.magFilter = (filters[sampler.magFilter ?? 0] ?? LinearFilter) as MagnificationTextureFilter
    texture.minFilter = (filters[sampler.minFilter ?? 0] ?? LinearMipmapLinearFilter) as MinificationTextureFilter
    texture.wrapS = (wraps[sampler.wrapS ?? 0] ?? RepeatWrapping) as Wrapping
    texture.wrapT = (wraps[sampler.wrapT ?? 0] ?? RepeatWrapping) as Wrapping
    texture.needsUpdate = true
    this.parser.associations.set(texture, { textures: index })
    return texture
  }
}
