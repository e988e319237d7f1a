/** Lint rule: `new Date()` and `Date()` without an argument read the clock. */
export default {
  meta: { name: 'unsilo' },
  rules: {
    'no-clock': {
      create(context) {
        const check = (node) => {
          if (node.callee.type === 'Identifier' && node.callee.name === 'Date' && node.arguments.length === 0)
            context.report({ node, message: 'This reads the clock: time comes in as an argument here.' });
        };
        return { NewExpression: check, CallExpression: check };
      },
    },
  },
};
