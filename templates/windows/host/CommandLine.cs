using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace Culvert
{
    /// <summary>Arguments as the one line that Windows hands to a program.</summary>
    internal static class CommandLine
    {
        /// <summary>
        /// Joins arguments so that a program gets them back as they are, by the rules of
        /// CommandLineToArgvW and of Microsoft's C runtime: between quotes a backslash stands for
        /// itself, except where backslashes lead up to a quote: there each counts half.
        /// </summary>
        internal static string Join(IEnumerable<string> arguments)
        {
            return string.Join(" ", arguments.Select(Quote));
        }

        private static string Quote(string argument)
        {
            if (argument.Length > 0 && argument.All(IsPlain)) return argument;
            var quoted = new StringBuilder("\"");
            int backslashes = 0;
            foreach (char character in argument)
            {
                if (character == '"') quoted.Append('\\', backslashes + 1);
                quoted.Append(character);
                backslashes = character == '\\' ? backslashes + 1 : 0;
            }
            return quoted.Append('\\', backslashes).Append('"').ToString();
        }

        private static bool IsPlain(char character)
        {
            return (character >= 'a' && character <= 'z') ||
                (character >= 'A' && character <= 'Z') ||
                (character >= '0' && character <= '9') ||
                "-_./:=".IndexOf(character) >= 0;
        }
    }
}
