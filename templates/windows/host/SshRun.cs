using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Text;
using System.Threading;

namespace Culvert
{
    /// <summary>One run of ssh: its process, and what it says.</summary>
    internal sealed class SshRun : IDisposable
    {
        private const int LinesKept = 40;
        private const int LongestLine = 1000;

        /// <summary>What ssh says at LogLevel VERBOSE once the server has let it in.</summary>
        private const string SignOfLogin = "Authenticated to ";

        /// <summary>
        /// A child of ssh may hold the other ends of its pipes for as long as it likes.
        /// </summary>
        private static readonly TimeSpan LastLinesWithin = TimeSpan.FromSeconds(2);

        private static readonly TimeSpan EndWithin = TimeSpan.FromSeconds(5);

        private readonly Process process;
        private readonly ManualResetEvent ended = new ManualResetEvent(false);
        private readonly ManualResetEvent loggedIn = new ManualResetEvent(false);
        private readonly CountdownEvent unread = new CountdownEvent(2);
        private readonly Queue<string> lines = new Queue<string>();
        private readonly Action<string> onLine;

        private SshRun(Process process, Action<string> onLine)
        {
            this.process = process;
            this.onLine = onLine;
        }

        /// <summary>
        /// Starts it. onLine hears each line of its output, on threads of its own. Throws a
        /// Win32Exception where it cannot be run.
        /// </summary>
        internal static SshRun Start(
            string ssh, IEnumerable<string> arguments, Action<string> onLine)
        {
            var process = new Process();
            process.StartInfo = new ProcessStartInfo(ssh, CommandLine.Join(arguments))
            {
                UseShellExecute = false,
                CreateNoWindow = true,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                StandardOutputEncoding = Encoding.ASCII,
                StandardErrorEncoding = Encoding.ASCII
            };
            var run = new SshRun(process, onLine);
            process.EnableRaisingEvents = true;
            process.Exited += delegate { run.ended.Set(); };
            process.Start();
            process.StandardInput.Close();
            run.Listen(process.StandardOutput);
            run.Listen(process.StandardError);
            return run;
        }

        internal int Id
        {
            get { return process.Id; }
        }

        /// <summary>Set once the process is gone.</summary>
        internal WaitHandle Ended
        {
            get { return ended; }
        }

        /// <summary>Set once the server has let it in.</summary>
        internal WaitHandle LoggedIn
        {
            get { return loggedIn; }
        }

        /// <summary>
        /// The last lines of a process that has ended. Waits for them, 2 s at most: what says why
        /// it ended often arrives after the end.
        /// </summary>
        internal IList<string> LastLines()
        {
            unread.Wait(LastLinesWithin);
            lock (lines) return lines.ToArray();
        }

        internal int ExitCode
        {
            get { return process.ExitCode; }
        }

        /// <summary>Ends it, if it still runs.</summary>
        public void Dispose()
        {
            if (!ended.WaitOne(0)) Kill();
            process.Dispose();
        }

        private void Kill()
        {
            try
            {
                process.Kill();
            }
            catch (InvalidOperationException)
            {
                // It was faster.
            }
            catch (Win32Exception)
            {
                // It is ending already.
            }
            ended.WaitOne(EndWithin);
        }

        /// <summary>
        /// Reads on a thread of its own: one that is stuck must not use up the thread pool.
        /// </summary>
        private void Listen(StreamReader reader)
        {
            var thread = new Thread(delegate()
            {
                try
                {
                    using (reader) ReadLines(reader);
                }
                catch (IOException)
                {
                    // The process is gone, and its pipe with it.
                }
                catch (ObjectDisposedException)
                {
                    // The same, after we have stopped waiting for more.
                }
                unread.Signal();
            });
            thread.IsBackground = true;
            thread.Start();
        }

        private void ReadLines(StreamReader reader)
        {
            var line = new StringBuilder();
            for (int next = reader.Read(); next >= 0; next = reader.Read())
            {
                if (next == '\n')
                {
                    Take(line.ToString());
                    line.Clear();
                }
                else if (line.Length < LongestLine)
                {
                    line.Append((char)next);
                }
            }
            if (line.Length > 0) Take(line.ToString());
        }

        private void Take(string line)
        {
            lock (lines)
            {
                lines.Enqueue(line);
                if (lines.Count > LinesKept) lines.Dequeue();
            }
            if (line.StartsWith(SignOfLogin, StringComparison.Ordinal)) loggedIn.Set();
            onLine(line);
        }
    }
}
