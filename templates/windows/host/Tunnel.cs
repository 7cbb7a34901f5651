using System;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Threading;

namespace Culvert
{
    /// <summary>
    /// One tunnel: keeps an ssh running for as long as the file "wanted" is in its folder, and
    /// starts it anew once whenever what that says changes.
    /// </summary>
    internal sealed class Tunnel
    {
        /// <summary>Seconds that ssh must last after its login to count as healthy.</summary>
        private const int HealthyAfter = 60;

        private readonly Arguments given;
        private readonly string folder;
        private readonly string name;
        private readonly CappedLog log;
        private readonly HostEvents events;
        private readonly WaitHandle stop;
        private readonly BackOff backOff;
        private readonly StateFile state;

        /// <summary>What "wanted" said when it was last read.</summary>
        private string wanted;

        private SshReason reason;

        /// <summary>What the event log knows: changes alone go there.</summary>
        private bool? isToldUp;

        /// <summary>The tunnel of a folder, until stop is set.</summary>
        internal Tunnel(
            Arguments given, string folder, CappedLog log, HostEvents events, WaitHandle stop)
        {
            this.given = given;
            this.folder = folder;
            this.log = log;
            this.events = events;
            this.stop = stop;
            name = Path.GetFileName(folder);
            backOff = new BackOff(given.Second);
            state = new StateFile(folder);
        }

        /// <summary>Holds it; returns, with no ssh left, once it is not wanted any more.</summary>
        internal void Hold()
        {
            for (wanted = ReadWanted(); wanted != null && !IsStopping(); wanted = ReadWanted())
            {
                if (RunSsh()) Pause();
                else backOff.Begin();
            }
            Say("stopped");
            state.Write("stopped", 0, null);
        }

        /// <summary>Whether the file "wanted" is in a folder.</summary>
        internal static bool IsWanted(string folder)
        {
            return File.Exists(Path.Combine(folder, "wanted"));
        }

        /// <summary>
        /// One run of ssh. True when it ended by itself or could not be run; false when it was
        /// ended because something else is wanted now.
        /// </summary>
        private bool RunSsh()
        {
            try
            {
                bool saidDatabase = false;
                Action<string> onLine = delegate(string line)
                {
                    if (saidDatabase || !SshReason.IsOfDatabase(line)) return;
                    saidDatabase = true;
                    Say("up, but this host cannot reach the database" + Quote(line));
                };
                using (SshRun ssh = SshRun.Start(given.Ssh, SshCommand.Of(folder), onLine))
                {
                    Say("starting: ssh is process " + Number(ssh.Id));
                    state.Write("starting", ssh.Id, reason);
                    if (!Watch(ssh)) return false;
                    reason = SshReason.Of(ssh.LastLines(), ssh.ExitCode);
                }
            }
            catch (Win32Exception error)
            {
                reason = new SshReason("ssh cannot be run.", error.Message);
            }
            catch (SystemException error)
            {
                // Whatever it is: of this tunnel, now, and perhaps not the next time.
                reason = new SshReason("The tunnel's folder cannot be used.", error.Message);
            }
            return true;
        }

        /// <summary>True when ssh has ended, false when it is to be ended.</summary>
        private bool Watch(SshRun ssh)
        {
            var sinceLogin = new Stopwatch();
            bool isHealthy = false;
            var beforeLogin = new[] { ssh.Ended, stop, ssh.LoggedIn };
            var afterLogin = new[] { ssh.Ended, stop };
            for (;;)
            {
                TimeSpan healthy = InSeconds(HealthyAfter) - sinceLogin.Elapsed;
                bool isSoon = sinceLogin.IsRunning && !isHealthy && healthy < Supervisor.LookEvery;
                TimeSpan wait = !isSoon ? Supervisor.LookEvery
                    : healthy > TimeSpan.Zero ? healthy : TimeSpan.Zero;
                WaitHandle.WaitAny(sinceLogin.IsRunning ? afterLogin : beforeLogin, wait);

                if (!sinceLogin.IsRunning && ssh.LoggedIn.WaitOne(0))
                {
                    sinceLogin.Start();
                    reason = null;
                    Say("up");
                    state.Write("up", ssh.Id, null);
                }
                if (ssh.Ended.WaitOne(0)) return true;
                if (IsOther()) return false;
                if (!isHealthy && sinceLogin.Elapsed >= InSeconds(HealthyAfter))
                {
                    isHealthy = true;
                    backOff.Begin();
                    if (isToldUp != true) events.Up(name);
                    isToldUp = true;
                }
                state.Save();
            }
        }

        private void Pause()
        {
            double seconds = backOff.Next();
            string why = reason.Words + Quote(reason.Line);
            string pause = seconds.ToString("0.#", CultureInfo.InvariantCulture);
            Say("down: " + why + " Next attempt in " + pause + " s.");
            state.Write("waiting", 0, reason);
            if (isToldUp != false) events.Down(name, why);
            isToldUp = false;

            Stopwatch waited = Stopwatch.StartNew();
            for (;;)
            {
                TimeSpan left = InSeconds(seconds) - waited.Elapsed;
                if (left <= TimeSpan.Zero) return;
                stop.WaitOne(left < Supervisor.LookEvery ? left : Supervisor.LookEvery);
                if (IsOther())
                {
                    backOff.Begin();
                    return;
                }
                state.Save();
            }
        }

        /// <summary>Whether something else is wanted than what runs.</summary>
        private bool IsOther()
        {
            return IsStopping() || ReadWanted() != wanted;
        }

        private bool IsStopping()
        {
            return stop.WaitOne(0);
        }

        /// <summary>What "wanted" says; null: there is none.</summary>
        private string ReadWanted()
        {
            try
            {
                return File.ReadAllText(Path.Combine(folder, "wanted"));
            }
            catch (FileNotFoundException)
            {
                return null;
            }
            catch (DirectoryNotFoundException)
            {
                return null;
            }
            catch (IOException)
            {
                // It is being replaced at this very moment.
                return wanted;
            }
            catch (UnauthorizedAccessException)
            {
                return wanted;
            }
        }

        private void Say(string what)
        {
            log.Write(name + ": " + what);
        }

        private static string Quote(string line)
        {
            return line.Length == 0 ? "" : " (ssh: " + PlainText.OneLine(line) + ")";
        }

        private TimeSpan InSeconds(double seconds)
        {
            return TimeSpan.FromMilliseconds(seconds * given.Second);
        }

        private static string Number(int number)
        {
            return number.ToString(CultureInfo.InvariantCulture);
        }
    }
}
