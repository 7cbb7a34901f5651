using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;

namespace Culvert
{
    /// <summary>How ssh is called for a tunnel.</summary>
    internal static class SshCommand
    {
        /// <summary>
        /// The arguments for the tunnel of a folder. They hold what ssh_config leaves out, as it
        /// names no place of this host. Throws an IOException where the folder cannot be read.
        /// </summary>
        internal static IList<string> Of(string tunnelFolder)
        {
            string folder = Slashed(tunnelFolder);
            var arguments = new List<string>
            {
                "-N", "-T", "-F", folder + "/ssh_config", "-i", folder + "/key"
            };
            // During a change of keys, until the vendor's side has seen the new one in use.
            if (File.Exists(folder + "/key.old"))
            {
                arguments.AddRange(new[] { "-i", folder + "/key.old" });
            }
            arguments.AddRange(new[]
            {
                "-o", "UserKnownHostsFile=" + folder + "/known_hosts",
                "-o", "GlobalKnownHostsFile=" + folder + "/known_hosts"
            });
            if (NeedsConnect(folder))
            {
                arguments.AddRange(new[]
                {
                    "-o", "ProxyCommand=" + ThisProgram() + " --connect " + folder
                });
            }
            arguments.Add("tunnel");
            return arguments;
        }

        /// <summary>ssh itself knows one endpoint and no HTTP proxy.</summary>
        private static bool NeedsConnect(string folder)
        {
            if (File.Exists(folder + "/http-proxy")) return true;
            string endpoints = folder + "/endpoints";
            return File.Exists(endpoints) &&
                File.ReadLines(endpoints).Count(line => line.Trim().Length > 0) > 1;
        }

        private static string ThisProgram()
        {
            string program = "\"" + Slashed(Assembly.GetEntryAssembly().Location) + "\"";
            // Elsewhere than on Windows, such as in its tests, Mono runs it.
            return Job.IsWindows ? program : "mono " + program;
        }

        /// <summary>ssh takes a backslash for the beginning of something else.</summary>
        private static string Slashed(string path)
        {
            return Job.IsWindows ? path.Replace('\\', '/') : path;
        }
    }
}
