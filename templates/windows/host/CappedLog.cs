using System;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading;

namespace Culvert
{
    /// <summary>
    /// The file host.log of a data folder: a line for each change, times in UTC. What would
    /// make it longer than its limit goes to a new one; the one before is kept as host.log.1.
    /// </summary>
    internal sealed class CappedLog
    {
        private const int LimitBytes = 1024 * 1024;
        private static readonly TimeSpan OnceMoreAfter = TimeSpan.FromMilliseconds(50);

        private readonly string dataFolder;
        private readonly string file;
        private readonly TextWriter echo;

        /// <summary>The log of a data folder; what is written also goes to echo, if any.</summary>
        internal CappedLog(string dataFolder, TextWriter echo)
        {
            this.dataFolder = dataFolder;
            this.echo = echo;
            file = Path.Combine(dataFolder, "host.log");
        }

        /// <summary>Adds a line. Where that is not possible the line is lost, no more.</summary>
        internal void Write(string text)
        {
            string time = DateTime.UtcNow.ToString(
                "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            string line = time + " " + text + "\n";
            lock (this)
            {
                if (echo != null)
                {
                    echo.Write(line);
                    echo.Flush();
                }
                if (TryAppend(line)) return;
                // Somebody may be reading it who lets nobody write meanwhile.
                Thread.Sleep(OnceMoreAfter);
                TryAppend(line);
            }
        }

        private bool TryAppend(string line)
        {
            try
            {
                // The data folder has rights of its own: it is never made here.
                if (!Directory.Exists(dataFolder)) return true;
                MakeRoom(line.Length);
                File.AppendAllText(file, line, Encoding.ASCII);
                return true;
            }
            catch (IOException)
            {
                return false;
            }
            catch (UnauthorizedAccessException)
            {
                return false;
            }
        }

        /// <summary>
        /// Copies and empties the file rather than moving it: that also works while somebody
        /// follows it.
        /// </summary>
        private void MakeRoom(int bytes)
        {
            var now = new FileInfo(file);
            if (!now.Exists || now.Length + bytes <= LimitBytes) return;
            try
            {
                File.Copy(file, file + ".1", true);
            }
            catch (IOException)
            {
                // Without the older lines, then: the limit counts for more.
            }
            File.WriteAllText(file, "");
        }
    }
}
