// Hot path: one walk per request, through as many nodes as the path has segments, and through no more than the few
// siblings that match as well. The number of routes does not matter.
import { shapeOf, type Template } from "./template.js";

/** One route: an HTTP method on a template. */
export interface Route {
  /** The method, or "*" for any but OPTIONS. */
  readonly httpMethod: string;
  readonly template: Template;
  /** Whether a path with one trailing slash means the path without it. */
  readonly ignoreTrailingSlash: boolean;
  /** Where the route comes from, for messages to the author of the contract. */
  readonly origin: string;
}

/** A path taken apart for matching. */
export interface RequestPath {
  /** Segments as received, escapes included. */
  readonly segments: readonly string[];
  /** Whether an escape occurs in any segment. */
  readonly escaped: boolean;
}

/** A route that was found, and the segments it was found with: without the verb, without an ignored trailing slash. */
export interface Found<R extends Route> {
  readonly route: R;
  readonly segments: readonly string[];
}

/** Finds routes. */
export interface RouteTable<R extends Route> {
  /** The route of a path by TRANSCODING 1.4 to 1.6 and 2.1; undefined if none accepts the method. */
  find(httpMethod: string, path: RequestPath): Found<R> | undefined;
  /** The value of `Allow`: the methods of all templates that match, TRANSCODING 2.3. Undefined if no template matches. */
  allow(path: RequestPath): string | undefined;
}

/** Splits a path at its slashes. */
export function splitPath(path: string, escaped: boolean): RequestPath {
  const segments: string[] = [];
  let from = 1;
  for (let at = path.indexOf("/", 1); at >= 0; at = path.indexOf("/", from)) {
    segments.push(path.slice(from, at));
    from = at + 1;
  }
  segments.push(path.slice(from));
  return { segments, escaped };
}

/**
 * Compiles routes. Their order has no influence.
 *
 * @throws Error naming both routes if two have the same method, verb and shape.
 */
export function routeTable<R extends Route>(routes: readonly R[]): RouteTable<R> {
  checkDistinct(routes);
  const plain = newNode<R>();
  const verbs = new Map<string, Node<R>>();
  for (const route of routes) {
    const { verb } = route.template;
    let root = plain;
    if (verb !== undefined) {
      root = verbs.get(verb) ?? newNode<R>();
      verbs.set(verb, root);
    }
    insert(root, route);
  }

  function visit(path: RequestPath, accept: (leaf: Leaf<R>) => R | undefined): Found<R> | undefined {
    if (verbs.size > 0) {
      const withVerb = splitVerb(path);
      const root = withVerb === undefined ? undefined : verbs.get(withVerb.verb);
      if (root !== undefined && withVerb !== undefined) {
        const route = walk(root, withVerb.path, 0, accept);
        if (route !== undefined) return { route, segments: withVerb.path.segments };
      }
    }
    const route = walk(plain, path, 0, accept);
    return route === undefined ? undefined : { route, segments: path.segments };
  }

  return {
    find(httpMethod, path) {
      const { segments } = path;
      if (segments.length > 1 && segments[segments.length - 1] === "") {
        const stripped = { segments: segments.slice(0, -1), escaped: path.escaped };
        const found = visit(stripped, (leaf) => acceptMethod(leaf, httpMethod, true));
        if (found !== undefined) return found;
      }
      return visit(path, (leaf) => acceptMethod(leaf, httpMethod, false));
    },
    allow(path) {
      const methods = new Set<string>();
      const collect = (leaf: Leaf<R>, slash: boolean) => {
        for (const [method, route] of leaf)
          if (!slash || route.ignoreTrailingSlash) addAllowed(methods, method);
        return undefined;
      };
      if (path.segments.length > 1 && path.segments.at(-1) === "") {
        const stripped = { segments: path.segments.slice(0, -1), escaped: path.escaped };
        visit(stripped, (leaf) => collect(leaf, true));
      }
      visit(path, (leaf) => collect(leaf, false));
      return methods.size === 0 ? undefined : [...methods.add("OPTIONS")].toSorted().join(", ");
    },
  };
}

/** Routes that end at one node, by method. */
type Leaf<R> = Map<string, R>;

interface Node<R> {
  readonly literals: Map<string, Node<R>>;
  one: Node<R> | undefined;
  leaf: Leaf<R> | undefined;
  rest: Leaf<R> | undefined;
}

function newNode<R>(): Node<R> {
  return { literals: new Map(), one: undefined, leaf: undefined, rest: undefined };
}

function insert<R extends Route>(root: Node<R>, route: R): void {
  let node = root;
  for (const step of route.template.steps) {
    if (step.kind === "rest") {
      (node.rest ??= new Map()).set(route.httpMethod, route);
      return;
    }
    let next = step.kind === "one" ? node.one : node.literals.get(step.text);
    if (next === undefined) {
      next = newNode();
      if (step.kind === "one") node.one = next;
      else node.literals.set(step.text, next);
    }
    node = next;
  }
  (node.leaf ??= new Map()).set(route.httpMethod, route);
}

// Depth is that of the table, not of the path. In the order of TRANSCODING 1.6: a template that has ended, a literal, `*`,
// `**`; a leaf that does not accept the method is passed over.
function walk<R>(
  node: Node<R>,
  path: RequestPath,
  at: number,
  accept: (leaf: Leaf<R>) => R | undefined,
): R | undefined {
  let route: R | undefined;
  const segment = path.segments[at];
  if (segment === undefined) {
    if (node.leaf !== undefined) route = accept(node.leaf);
  } else if (segment !== "") {
    const text = path.escaped && segment.includes("%") ? decodeURIComponent(segment) : segment;
    const literal = node.literals.get(text);
    if (literal !== undefined) route = walk(literal, path, at + 1, accept);
    if (route === undefined && node.one !== undefined) route = walk(node.one, path, at + 1, accept);
  }
  if (route === undefined && node.rest !== undefined) route = accept(node.rest);
  return route;
}

function acceptMethod<R extends Route>(
  leaf: Leaf<R>,
  httpMethod: string,
  trailingSlash: boolean,
): R | undefined {
  const route =
    leaf.get(httpMethod) ??
    (httpMethod === "HEAD" ? leaf.get("GET") : undefined) ??
    (httpMethod === "OPTIONS" ? undefined : leaf.get("*"));
  return trailingSlash && route?.ignoreTrailingSlash === false ? undefined : route;
}

const anyMethod = ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"];

function addAllowed(methods: Set<string>, method: string): void {
  if (method === "*") for (const each of anyMethod) methods.add(each);
  else methods.add(method);
  if (method === "GET") methods.add("HEAD");
}

// Only the last colon of the last segment counts, and only an unencoded one.
function splitVerb(path: RequestPath): { path: RequestPath; verb: string } | undefined {
  const last = path.segments[path.segments.length - 1] ?? "";
  const colon = last.lastIndexOf(":");
  if (colon < 0) return undefined;
  const segments = [...path.segments.slice(0, -1), last.slice(0, colon)];
  const verb = last.slice(colon + 1);
  return {
    path: { segments, escaped: path.escaped },
    verb: verb.includes("%") ? decodeURIComponent(verb) : verb,
  };
}

function checkDistinct(routes: readonly Route[]): void {
  const seen = new Map<string, Route>();
  for (const route of routes) {
    const key = `${route.httpMethod} ${shapeOf(route.template)}`;
    const other = seen.get(key);
    if (other !== undefined) throw new Error(`routes collide: ${describe(other)} and ${describe(route)}`);
    seen.set(key, route);
  }
}

function describe(route: Route): string {
  return `${route.httpMethod} ${route.template.text} (${route.origin})`;
}
