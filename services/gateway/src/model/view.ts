import { Type, type Static, type TSchema, type TUnsafe } from 'typebox';
import type { Page } from '@unsilo/hub';
import type { Component } from './published.js';

const declared: Component[] = [];

/** A reference to a component of the published model or of the views, with its type. */
export function ref<T>(name: string): TUnsafe<T> {
  return Type.Unsafe<T>({ $ref: `${name}#` });
}

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? unknown : never) : never;

/**
 * Declares a component whose schema describes exactly the type `T`: one that says something else doesn't compile.
 * Answers a reference to it.
 */
export function view<T>(name: string) {
  return <S extends TSchema>(schema: S & Same<Static<S>, T>): TUnsafe<T> => {
    declared.push({ ...(schema as object), $id: name });
    return ref<T>(name);
  };
}

/** Declares a component that no type of the service stands behind. */
export function component<T>(name: string, schema: object): TUnsafe<T> {
  declared.push({ ...schema, $id: name });
  return ref<T>(name);
}

/** Declares the component of a page of items. */
export function page<T>(name: string, item: TUnsafe<T>, description: string): TUnsafe<Page<T>> {
  const next = Type.Optional(
    Type.String({ description: 'Send it as `cursor` for the next page; absent on the last.' }),
  );
  const schema = Type.Object({ items: Type.Array(item), next }, { additionalProperties: false, description });
  declared.push({ ...schema, $id: name });
  return ref<Page<T>>(name);
}

/** All components declared so far: complete once every file of views has been loaded. */
export function declaredViews(): readonly Component[] {
  return declared;
}
