using System;
using System.ComponentModel;
using System.IO;
using System.Linq;

namespace Culvert
{
    /// <summary>Says what the host would do, and changes nothing.</summary>
    internal static class Probe
    {
        /// <summary>Gives the exit code: 0 when all of it can be done, else 1.</summary>
        internal static int Run(Arguments given)
        {
            try
            {
                Console.WriteLine("ssh: " + SshVersion.Of(given.Ssh));
                if (!Directory.Exists(given.Folder)) return 0;
                foreach (string folder in Directory.GetDirectories(given.Folder).OrderBy(
                    path => path, StringComparer.Ordinal))
                {
                    if (!Tunnel.IsWanted(folder)) continue;
                    var words = new[] { given.Ssh }.Concat(SshCommand.Of(folder));
                    Console.WriteLine(Path.GetFileName(folder) + ": " + CommandLine.Join(words));
                }
                return 0;
            }
            catch (Win32Exception error)
            {
                return Fail(given.Ssh + " cannot be run: " + error.Message);
            }
            catch (TimeoutException error)
            {
                return Fail(given.Ssh + " cannot be run: " + error.Message);
            }
            catch (SystemException error)
            {
                return Fail(error.Message);
            }
        }

        private static int Fail(string reason)
        {
            Console.Error.WriteLine("error: " + reason);
            return 1;
        }
    }
}
