using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;

namespace Culvert
{
    /// <summary>
    /// Hands arguments to a child in the way of the host, and says what arrived there. Each line of
    /// standard input holds those of one child, each of them in base64.
    /// </summary>
    internal static class EchoArguments
    {
        private static void Main(string[] words)
        {
            if (words.Length > 0)
            {
                Console.WriteLine(string.Join(" ", words.Skip(1).Select(Pack)));
                return;
            }
            string line;
            while ((line = Console.ReadLine()) != null)
            {
                string self = typeof(EchoArguments).Assembly.Location;
                var arguments = new[] { self, "say" }.Concat(line.Split(' ').Select(Unpack));
                var start = new ProcessStartInfo("dotnet", CommandLine.Join(arguments));
                start.UseShellExecute = false;
                using (Process child = Process.Start(start)) child.WaitForExit();
            }
        }

        private static string Pack(string text)
        {
            return Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
        }

        private static string Unpack(string text)
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(text));
        }
    }
}
