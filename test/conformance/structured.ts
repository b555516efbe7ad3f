import { z } from 'zod';

/** What a structured answer has to be: a nested object, a list, and one of a few words. */
export const placeSchema = z.strictObject({
  name: z.string().min(1),
  population: z.int(),
  climate: z.enum(['cold', 'mild', 'hot']),
  landmarks: z.array(z.strictObject({ title: z.string(), isOpen: z.boolean() })),
});

export const placePrompt = 'Describe the city of Lisbon, which has a mild climate.';

/** The same as JSON Schema, in the part of it that every vendor takes. */
export const placeJsonSchema = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    population: { type: 'integer' },
    climate: { type: 'string', enum: ['cold', 'mild', 'hot'] },
    landmarks: {
      type: 'array',
      items: {
        type: 'object',
        properties: { title: { type: 'string' }, isOpen: { type: 'boolean' } },
        required: ['title', 'isOpen'],
        additionalProperties: false,
      },
    },
  },
  required: ['name', 'population', 'climate', 'landmarks'],
  additionalProperties: false,
};
