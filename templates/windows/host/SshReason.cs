using System;
using System.Collections.Generic;
using System.Globalization;

namespace Culvert
{
    /// <summary>Why an ssh ended: in plain words, and the line of its own that says so.</summary>
    internal sealed class SshReason
    {
        internal string Words { get; private set; }

        /// <summary>One line, printable ASCII; empty where ssh said nothing.</summary>
        internal string Line { get; private set; }

        internal SshReason(string words, string line)
        {
            Words = words;
            Line = PlainText.OneLine(line);
        }

        /// <summary>What ssh says of a database that this host cannot reach.</summary>
        internal static bool IsOfDatabase(string line)
        {
            return (line.Contains("connect_to ") && line.Contains("failed")) ||
                line.Contains("open failed");
        }

        /// <summary>
        /// The reason by ssh's last lines. One that causes others stands before them in the
        /// list, for the last line is often only what followed from it.
        /// </summary>
        internal static SshReason Of(IList<string> lines, int exitCode)
        {
            foreach (Known known in List)
            {
                for (int number = lines.Count - 1; number >= 0; number--)
                {
                    if (known.Fits(lines[number])) return new SshReason(known.Words, lines[number]);
                }
            }
            string code = exitCode.ToString(CultureInfo.InvariantCulture);
            string last = lines.Count == 0 ? "" : lines[lines.Count - 1];
            return new SshReason("ssh ended with exit code " + code + ".", last);
        }

        private const string ClosedAtOnce =
            "Something closes the connection at once: a firewall that inspects SSH, or a server " +
            "that is starting or full.";

        private static readonly Known[] List =
        {
            new Known(
                "ssh does not accept its settings. Run the installer again to mend them.",
                "Bad configuration option", "bad configuration options", "Can't open user config",
                "Bad owner or permissions on"),
            new Known(
                "The server's host key is not one of those pinned here. Ask the vendor first of " +
                "all.",
                "HOST IDENTIFICATION HAS CHANGED", "Host key verification failed"),
            new Known(
                "ssh cannot use the private key. Run the installer again to mend it.",
                "bad permissions", "Load key ", "do not match public", "no such identity"),
            new Known(
                "The tunnel server refuses this host's key. Ask the vendor whether it was removed.",
                "Permission denied (publickey"),
            new Known(
                "The tunnel's port is in use on the tunnel server, by an earlier session of this " +
                "tunnel or by something else. If this lasts for minutes, tell the vendor.",
                "remote port forwarding failed"),
            new Known(
                "The HTTP proxy wants another user or password: run the installer again with " +
                "CULVERT_HTTP_PROXY.",
                "the user or the password", "asks for a user and a password"),
            new Known(
                "The HTTP proxy does not let this host through to the tunnel server: ask who " +
                "runs it.",
                "does not allow connections", " cannot connect to ", "is not an HTTP proxy"),
            new Known(
                "The tunnel server's name cannot be resolved. Check the DNS of this host.",
                "Could not resolve hostname", "name resolution", "Name or service not known",
                "does not resolve"),
            new Known(
                "Nothing accepts connections there: the server is down, or a firewall turns " +
                "them away.",
                "Connection refused", "connection is refused"),
            new Known(
                "There is no way there at the moment: check network and firewall of this host.",
                "timed out", "Network is unreachable", "No route to host", "there is no route",
                ": no answer", "connect to host "),
            new Known(
                ClosedAtOnce,
                "kex_exchange_identification", "ssh_exchange_identification",
                "no SSH server answers"),
            new Known(
                "The connection was lost on the way. It is made again by itself.",
                "Timeout, server ", "Broken pipe", "Read from remote host"),
            new Known(
                "The tunnel server has ended the connection. It is made again by itself.",
                "closed by remote host"),
            new Known(ClosedAtOnce, "Connection reset by", "Connection closed by")
        };

        private sealed class Known
        {
            internal readonly string Words;
            private readonly string[] signs;

            internal Known(string words, params string[] signs)
            {
                Words = words;
                this.signs = signs;
            }

            internal bool Fits(string line)
            {
                return Array.Exists(signs, line.Contains);
            }
        }
    }
}
