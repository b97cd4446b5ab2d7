import { useEffect, useRef } from 'react'

/** A picture that is not on the server yet, drawn: the page may load no addresses but the server's. */
export function Preview({ file, label }: { file: File; label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    let over = false
    createImageBitmap(file, { resizeWidth: 640, resizeQuality: 'medium' }).then(
      (picture) => {
        const to = canvas.current
        if (!over && to) {
          to.width = picture.width
          to.height = picture.height
          to.getContext('2d')!.drawImage(picture, 0, 0)
        }
        picture.close()
      },
      () => {}, // the server will say what is wrong with it
    )
    return () => {
      over = true
    }
  }, [file])
  return <canvas ref={canvas} className="photo-preview" role="img" aria-label={label} />
}
