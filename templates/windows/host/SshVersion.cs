using System;
using System.ComponentModel;
using System.Linq;

namespace Culvert
{
    /// <summary>The true proof that ssh can be run: its version, by its own word.</summary>
    internal static class SshVersion
    {
        private static readonly TimeSpan Within = TimeSpan.FromSeconds(10);

        /// <summary>
        /// What "ssh -V" says. Throws a Win32Exception where it cannot be run or fails, a
        /// TimeoutException where it does not end.
        /// </summary>
        internal static string Of(string ssh)
        {
            using (SshRun run = SshRun.Start(ssh, new[] { "-V" }, delegate { }))
            {
                if (!run.Ended.WaitOne(Within)) throw new TimeoutException("ssh -V does not end");
                string said = PlainText.OneLine(string.Join(" ", run.LastLines()));
                if (run.ExitCode != 0) throw new Win32Exception("ssh -V failed: " + said);
                return said;
            }
        }
    }
}
