/** Texts that SuiteCRM's cleaning of markup, its entities or its database would change, were they sent as they are. */
export const hostileTexts: readonly string[] = [
  'a<b',
  'x <3 y',
  '<script>alert(1)</script>',
  '<ada@example.com>',
  '</div><!-- comment --><?php echo 1 ?>',
  'AT&T',
  'AT&amp;T',
  'R&D; &copy; &#60;b&#62; &lt;i&gt;',
  "Robert'); DROP TABLE contacts;--",
  '"quoted" and \'single\'',
  '\u202eright to left\u202c and zero\u200bwidth',
  'line one\nline two\ttab',
  '{{7*7}} ${x} %s',
  'é as e\u0301, 漢字 العربية',
  '👩‍👩‍👧‍👦 family',
];
