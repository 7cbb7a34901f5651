using System;
using System.Globalization;
using System.IO;
using System.Text;

namespace Culvert
{
    /// <summary>
    /// The file "state" of a tunnel's folder, for the installer's -Status and -Doctor: lines
    /// name=value, always whole.
    ///   state   starting, up (the server has let ssh in), waiting, stopped
    ///   since   when that began, in seconds since 1970
    ///   pid     of the ssh that runs, if one does
    ///   reason  why the last ssh ended, until the next is up
    ///   said    ssh's own line about it
    /// </summary>
    internal sealed class StateFile
    {
        private static readonly DateTime Epoch =
            new DateTime(1970, 1, 1, 0, 0, 0, DateTimeKind.Utc);

        private readonly string file;
        private string text;
        private bool isSaved = true;

        internal StateFile(string tunnelFolder)
        {
            file = Path.Combine(tunnelFolder, "state");
        }

        /// <summary>Writes a new state. pid 0: no ssh runs; reason null: there is none.</summary>
        internal void Write(string state, int pid, SshReason reason)
        {
            var lines = new StringBuilder();
            Add(lines, "state", state);
            Add(lines, "since", Number((long)(DateTime.UtcNow - Epoch).TotalSeconds));
            if (pid != 0) Add(lines, "pid", Number(pid));
            if (reason != null)
            {
                Add(lines, "reason", reason.Words);
                if (reason.Line.Length > 0) Add(lines, "said", reason.Line);
            }
            text = lines.ToString();
            isSaved = false;
            Save();
        }

        /// <summary>
        /// Saves what could not be saved before: somebody was just reading the file. It is
        /// written aside and moved.
        /// </summary>
        internal void Save()
        {
            if (isSaved) return;
            string aside = file + ".new";
            try
            {
                File.WriteAllText(aside, text, Encoding.ASCII);
                if (File.Exists(file)) File.Replace(aside, file, null);
                else File.Move(aside, file);
                isSaved = true;
            }
            catch (IOException)
            {
                // The next time, then. A folder that is gone needs no state.
            }
            catch (UnauthorizedAccessException)
            {
                // The same.
            }
        }

        private static void Add(StringBuilder lines, string name, string value)
        {
            lines.Append(name).Append('=').Append(value).Append('\n');
        }

        private static string Number(long number)
        {
            return number.ToString(CultureInfo.InvariantCulture);
        }
    }
}
