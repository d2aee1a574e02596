// A function fits on a screen; a factory, which holds the functions that it makes, on two.
const MAX_FUNCTION_LINES = 60;
const MAX_FACTORY_LINES = 120;
/** A factory has at least so many functions with a body of their own. */
const FACTORY_FUNCTIONS = 2;

/** @type {import('eslint').Rule.RuleModule} */
export const functionLength = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: {
      long: '{{kind}} of {{lines}} lines, at most {{most}}: split it by subject.',
    },
  },
  create(context) {
    /** How many functions each of those around the current place holds. */
    const open = [];
    const enter = () => open.push(0);
    const exit = (node) => {
      const inner = open.pop();
      if (node.body.type === 'BlockStatement' && open.length > 0) open[open.length - 1]++;
      const isFactory = inner >= FACTORY_FUNCTIONS;
      const most = isFactory ? MAX_FACTORY_LINES : MAX_FUNCTION_LINES;
      const lines = node.loc.end.line - node.loc.start.line + 1;
      if (lines <= most) return;
      context.report({
        node,
        messageId: 'long',
        data: { kind: isFactory ? 'A factory' : 'A function', lines, most },
      });
    };
    return {
      FunctionDeclaration: enter,
      FunctionExpression: enter,
      ArrowFunctionExpression: enter,
      'FunctionDeclaration:exit': exit,
      'FunctionExpression:exit': exit,
      'ArrowFunctionExpression:exit': exit,
    };
  },
};
