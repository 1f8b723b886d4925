/** Which controller an Ingress is for: by its class where that was read, else by what is usual. */
import { type ControllerKey, controllerNamed, controllers, ownersOf, usualFor } from './controllers.ts'
import { nameOf, ofKind, type Resources } from './kubernetes-resources.ts'
import { at, type Tree } from './tree.ts'

/** The controller of an Ingress. */
export interface Chosen {
  key: ControllerKey
  /** Whether a class names it; otherwise it is assumed. */
  named: boolean
  /** Whether its class has parameters, which are not read. */
  parameters: boolean
}

/** The annotations of a resource. */
export function annotationsOf(resource: Tree): readonly (readonly [key: string, value: Tree])[] {
  return at(resource, 'metadata', 'annotations')?.entries ?? []
}

/** The annotation of this name. */
export function annotation(resource: Tree, name: string): Tree | undefined {
  return annotationsOf(resource).find(([key]) => key === name)?.[1]
}

/** The controller that an Ingress is for, undefined when nothing tells; what is assumed is said. */
export function chosenFor(ingress: Tree, resources: Resources): Chosen | undefined {
  const { report } = resources
  const classes = ofKind(resources, 'IngressClass')
  const written =
    at(ingress, 'spec', 'ingressClassName') ?? annotation(ingress, 'kubernetes.io/ingress.class')
  const isDefault = (one: Tree) =>
    String(annotation(one, 'ingressclass.kubernetes.io/is-default-class')?.scalar) === 'true'
  const read = classes.find((one) => (written ? nameOf(one) === String(written.scalar) : isDefault(one)))
  const hinted = [...new Set(annotationsOf(ingress).flatMap(([key]) => ownersOf(key)))]
  if (read) {
    const controller = at(read, 'spec', 'controller')
    const key = controllerNamed(String(controller?.scalar ?? ''))
    const parameters = at(read, 'spec', 'parameters')
    if (parameters) report.notRead(parameters.place, `the parameters of IngressClass ${nameOf(read)}`)
    if (key) return { key, named: true, parameters: parameters !== undefined }
    report.notRead(
      (controller ?? read).place,
      `the controller ${controller?.scalar} is not known: nothing is said of its annotations and limits`,
    )
    return undefined
  }
  if (!written) {
    const [only] = hinted.length === 1 ? hinted : []
    const key = only ?? 'community'
    const why = only ? 'as its annotations are' : 'as the most common one'
    report.notRead(
      ingress.place,
      `which controller takes this Ingress: it names no class, and ${controllers[key].name} is assumed, ${why}`,
    )
    return { key, named: false, parameters: false }
  }
  const name = String(written.scalar)
  const usual = usualFor(name)
  const key =
    usual.find((one) => hinted.includes(one)) ?? usual[0] ?? (hinted.length === 1 ? hinted[0] : undefined)
  if (!key) {
    report.notRead(
      written.place,
      `the class ${name}: its IngressClass is not among the files, and nothing is assumed`,
    )
    return undefined
  }
  if (usual.length !== 1) {
    const other = usual.filter((one) => one !== key).map((one) => `, and not ${controllers[one].name}`)
    report.notRead(
      written.place,
      `the IngressClass ${name} is not among the files: ${controllers[key].name} is assumed${other.join('')}`,
    )
  }
  return { key, named: usual.length > 0, parameters: false }
}

/** Reports annotations of other controllers than the one that takes the Ingress. */
export function checkForeign(ingress: Tree, { key, named }: Chosen, { report }: Resources): void {
  if (!named) return
  for (const [name, value] of annotationsOf(ingress)) {
    const owners = ownersOf(name)
    if (owners.length === 0 || owners.includes(key)) continue
    const args = {
      annotation: name,
      controller: controllers[key].name,
      owner: controllers[owners[0] ?? key].name,
    }
    report.found('ingress-foreign-annotation', args, value.place)
  }
}
