using System.Text;

namespace Culvert
{
    /// <summary>What others said, made fit for a log: they may be playing tricks.</summary>
    internal static class PlainText
    {
        private const int Longest = 200;

        /// <summary>One line of at most 200 characters, all of them printable ASCII.</summary>
        internal static string OneLine(string text)
        {
            return OneLine(text, Longest);
        }

        /// <summary>The same with another limit.</summary>
        internal static string OneLine(string text, int longest)
        {
            var line = new StringBuilder();
            foreach (char character in text.Trim())
            {
                if (line.Length == longest) break;
                line.Append(character >= ' ' && character <= '~' ? character : '?');
            }
            return line.ToString();
        }
    }
}
