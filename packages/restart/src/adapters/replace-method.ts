/**
 * Puts a function in place of a method of this object, and of no other. Returns the undo. Not by assignment: the
 * application object of NestJS is a Proxy that passes over what is assigned.
 */
export function replaceMethod(
  object: object,
  name: string,
  value: (...args: never[]) => unknown,
): () => void {
  const own = Object.getOwnPropertyDescriptor(object, name)
  Object.defineProperty(object, name, { configurable: true, writable: true, enumerable: true, value })
  return () => {
    if (own) Object.defineProperty(object, name, own)
    else Reflect.deleteProperty(object, name)
  }
}
