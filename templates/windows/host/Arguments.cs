using System.Globalization;
using System.IO;

namespace Culvert
{
    /// <summary>What the program was told to do, by its arguments.</summary>
    internal sealed class Arguments
    {
        internal string Mode { get; private set; }

        /// <summary>Name of the service, and of its source in the event log.</summary>
        internal string Service { get; private set; }

        /// <summary>The vendor's data folder, or with --connect the tunnel's: absolute.</summary>
        internal string Folder { get; private set; }

        internal string Ssh { get; private set; }

        /// <summary>Milliseconds that a second of the pauses and of health lasts.</summary>
        internal int Second { get; private set; }

        /// <summary>The one endpoint to connect to; null: those that the folder names.</summary>
        internal string Host { get; private set; }

        internal string Port { get; private set; }

        private Arguments()
        {
            Second = 1000;
        }

        /// <summary>Reads the arguments; null where they are none that have a meaning.</summary>
        internal static Arguments Read(string[] words)
        {
            if (words.Length == 0) return null;
            var given = new Arguments { Mode = words[0] };
            bool isRead = given.Mode == "--connect"
                ? given.ReadConnect(words)
                : given.ReadHost(words);
            return isRead ? given : null;
        }

        private bool ReadConnect(string[] words)
        {
            if (words.Length != 2 && words.Length != 4) return false;
            Folder = Path.GetFullPath(words[1]);
            if (words.Length == 4)
            {
                Host = words[2];
                Port = words[3];
            }
            return true;
        }

        private bool ReadHost(string[] words)
        {
            int next = 1;
            if (Mode == "--service")
            {
                if (words.Length < 2) return false;
                Service = words[next++];
            }
            else if (Mode != "--console" && Mode != "--probe")
            {
                return false;
            }
            for (; next + 1 < words.Length; next += 2)
            {
                if (!Take(words[next], words[next + 1])) return false;
            }
            return next == words.Length && Folder != null && Ssh != null;
        }

        private bool Take(string name, string value)
        {
            if (value.Length == 0) return false;
            switch (name)
            {
                case "--data":
                    Folder = Path.GetFullPath(value);
                    return true;
                case "--ssh":
                    Ssh = value;
                    return true;
                case "--second":
                    int second;
                    bool isNumber = int.TryParse(
                        value, NumberStyles.None, CultureInfo.InvariantCulture, out second);
                    Second = second;
                    return isNumber && Mode == "--console";
                default:
                    return false;
            }
        }
    }
}
